-- migrate:up

-- What the public reads and sees of a report instead of the originals, as a coordinator left it. message_id: the words
-- that are replaced, or the report's own id for its text.
CREATE TABLE public_words (
    report_id  uuid NOT NULL REFERENCES reports,
    message_id uuid NOT NULL,
    body       text NOT NULL CHECK (length(body) <= 4000),
    edited_by  uuid NOT NULL REFERENCES staff,
    edited_at  timestamptz NOT NULL,
    PRIMARY KEY (report_id, message_id)
);

-- sha256 is what is shown: the photo itself, or one of its own with the boxes burnt in; null: it is hidden.
CREATE TABLE public_photos (
    report_id uuid NOT NULL,
    photo_id  uuid NOT NULL,
    sha256    bytea REFERENCES photo_blobs,
    boxes     jsonb NOT NULL DEFAULT '[]',
    edited_by uuid NOT NULL REFERENCES staff,
    edited_at timestamptz NOT NULL,
    PRIMARY KEY (report_id, photo_id),
    FOREIGN KEY (report_id, photo_id) REFERENCES report_photos ON DELETE CASCADE
);
CREATE INDEX public_photos_by_blob ON public_photos (sha256) WHERE sha256 IS NOT NULL;

-- migrate:down
