-- Format 3: what a placement's doubt is made of, and what each window of a tie said.
--
-- A solution that was stored in an older format has none of it until the case is aligned anew.

ALTER TABLE placement ADD COLUMN contradiction_ns INTEGER;
ALTER TABLE placement ADD COLUMN floor_ns INTEGER;
ALTER TABLE tie ADD COLUMN residual_ns INTEGER;

CREATE TABLE tie_window (
    tie    INTEGER NOT NULL REFERENCES tie (id) ON DELETE CASCADE,
    n      INTEGER NOT NULL,
    at_ns  INTEGER NOT NULL,
    lag_ns INTEGER NOT NULL,
    agrees INTEGER NOT NULL CHECK (agrees IN (0, 1)),
    PRIMARY KEY (tie, n)
) STRICT, WITHOUT ROWID;
