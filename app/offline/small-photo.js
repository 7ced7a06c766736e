// A photo as it travels: small, upright, and with the camera's own word on when and where.

(() => {
  "use strict";
  /** {data, type, name} of a file that somebody picked; `longest` side in pixels, left alone below `enough` bytes. */
  self.smallPhoto = async (picked, { longest, enough, quality }) => {
    const data = await picked.arrayBuffer();
    const whole = { data, type: picked.type, name: picked.name };
    if (data.byteLength <= enough) return whole;
    let bitmap;
    try {
      bitmap = await createImageBitmap(picked, { imageOrientation: "from-image" });
    } catch {
      return whole; // of a kind that this browser cannot draw; the server may
    }
    const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(bitmap.width * scale);
    canvas.height = Math.round(bitmap.height * scale);
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
    if (!blob || blob.size >= data.byteLength) return whole;
    return { data: withExif(await blob.arrayBuffer(), exifOf(data)), type: "image/jpeg", name: `${picked.name.replace(/\.\w+$/, "")}.jpg` };
  };

  /** The APP1 segment of a JPEG that holds its Exif data, turned upright; null without one. */
  function exifOf(data) {
    const view = new DataView(data);
    if (view.byteLength < 12 || view.getUint16(0) !== 0xffd8) return null;
    for (let at = 2; at + 10 < view.byteLength && view.getUint8(at) === 0xff; at += 2 + view.getUint16(at + 2)) {
      if (view.getUint8(at + 1) === 0xda) return null;
      if (view.getUint8(at + 1) === 0xe1 && view.getUint32(at + 4) === 0x45786966) return upright(new Uint8Array(data.slice(at, at + 2 + view.getUint16(at + 2))));
    }
    return null;
  }

  /** The canvas has drawn the picture upright, so the orientation (tag 0x0112 of the first directory) is 1 now. */
  function upright(segment) {
    const view = new DataView(segment.buffer);
    const tiff = 10;
    const isLittle = view.getUint16(tiff) === 0x4949;
    const directory = tiff + view.getUint32(tiff + 4, isLittle);
    if (directory + 2 > segment.length) return segment;
    for (let n = 0, at = directory + 2; n < view.getUint16(directory, isLittle) && at + 12 <= segment.length; n++, at += 12)
      if (view.getUint16(at, isLittle) === 0x0112) view.setUint16(at + 8, 1, isLittle);
    return segment;
  }

  function withExif(jpeg, segment) {
    if (!segment) return jpeg;
    const made = new Uint8Array(jpeg.byteLength + segment.length);
    made.set(new Uint8Array(jpeg, 0, 2));
    made.set(segment, 2);
    made.set(new Uint8Array(jpeg, 2), 2 + segment.length);
    return made.buffer;
  }
})();
