ALTER TABLE post ADD author TEXT;
