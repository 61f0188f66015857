INSERT INTO post (title) VALUES ('café');
