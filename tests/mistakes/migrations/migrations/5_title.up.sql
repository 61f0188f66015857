ALTER TABLE post ADD subtitle TEXT;
