-- migrate:up

-- Documents (PDF) that staff put into a case. Pictures among the attachments are photos like any other.
CREATE TABLE document_blobs (
    sha256     bytea PRIMARY KEY CHECK (length(sha256) = 32),
    size_bytes int NOT NULL CHECK (size_bytes > 0),
    pages      int NOT NULL CHECK (pages > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    touched_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX document_blobs_by_touch ON document_blobs (touched_at);

-- One row claims a document or a photo. What was removed keeps its claim for a while, then loses bytes and name.
CREATE TABLE report_attachments (
    report_id     uuid NOT NULL REFERENCES reports,
    attachment_id uuid NOT NULL,
    document      bytea REFERENCES document_blobs,
    photo         bytea REFERENCES photo_blobs,
    name          text NOT NULL,
    proof         boolean NOT NULL,
    at            timestamptz NOT NULL,
    added_by      uuid NOT NULL REFERENCES staff,
    removed_at    timestamptz,
    PRIMARY KEY (report_id, attachment_id),
    CHECK (num_nonnulls(document, photo) <= 1),
    CHECK (removed_at IS NOT NULL OR num_nonnulls(document, photo) = 1)
);
CREATE INDEX report_attachments_by_document ON report_attachments (document) WHERE document IS NOT NULL;
CREATE INDEX report_attachments_by_photo ON report_attachments (photo) WHERE photo IS NOT NULL;
CREATE INDEX report_attachments_removed ON report_attachments (removed_at)
    WHERE removed_at IS NOT NULL AND num_nonnulls(document, photo) = 1;

-- migrate:down
