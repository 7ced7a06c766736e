-- migrate:up

-- What is odd about the proof of the result that stands, until a coordinator has looked at it (app/reports/proof.py).
ALTER TABLE reports ADD COLUMN proof_doubts text[] NOT NULL DEFAULT '{}';
CREATE INDEX reports_doubtful ON reports (resolved_at, report_id) WHERE proof_doubts <> '{}';

-- A quarter of a perceptual hash each: every second bit of every second row. Two hashes that differ in at most four bits
-- agree in one quarter, or differ by a single bit in each (app/photos/alike.py). Quarters of neighbouring bits would
-- be of little use: skies and nights make them the same for one photo in six.
CREATE INDEX photo_blobs_quarter_1 ON photo_blobs ((phash & 23925738098196565));
CREATE INDEX photo_blobs_quarter_2 ON photo_blobs ((phash & 47851476196393130));
CREATE INDEX photo_blobs_quarter_3 ON photo_blobs ((phash & 6124988953138320640));
CREATE INDEX photo_blobs_quarter_4 ON photo_blobs ((phash & (-6196766167432910336)));

-- migrate:down
