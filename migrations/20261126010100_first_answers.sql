-- migrate:up
-- The first word to the reporter: by when it is due (NULL: the rules set no limit), and when it was said.
ALTER TABLE reports ADD COLUMN first_answer_due_at timestamptz;
ALTER TABLE reports ADD COLUMN first_answered_at timestamptz;
-- What the reporter answered to the category's extra questions: question id -> answer id. As it was said, for good; a
-- category that has no such question does not look at it.
ALTER TABLE reports ADD COLUMN answers jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(answers) = 'object');
-- As whom the reporter writes; rules may ask.
ALTER TABLE reports ADD COLUMN reporter_kind text NOT NULL DEFAULT 'citizen'
    CHECK (reporter_kind IN ('citizen', 'visitor', 'business'));

-- migrate:down
