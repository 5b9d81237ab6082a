-- How fast a copy plays what it was copied from, and what tells which of the two is the copy.
ALTER TABLE excerpt ADD COLUMN speed REAL NOT NULL DEFAULT 1.0;
ALTER TABLE excerpt ADD COLUMN reason TEXT;
