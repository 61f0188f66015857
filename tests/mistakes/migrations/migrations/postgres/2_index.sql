CREATE INDEX post_title ON post USING hash (title);
