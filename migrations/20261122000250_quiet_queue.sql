-- migrate:up

-- PgQueuer rings a bell (NOTIFY) in every transaction that adds a job. PostgreSQL lets transactions with a bell commit
-- only one at a time, each waiting for the disk by itself: measured, a tenth of the intakes a second. The worker looks
-- into the queue four times a second instead.
DROP TRIGGER tg_pgqueuer_changed ON pgqueuer;

-- migrate:down
