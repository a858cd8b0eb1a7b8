<?php
// Runs statements on the database. They come on standard input as JSON: arguments can be read by all.

$given = json_decode(stream_get_contents(STDIN), true, 512, JSON_THROW_ON_ERROR);
try {
    $database = new PDO(
        sprintf('mysql:host=%s;port=%d', $given['host'], $given['port']),
        $given['username'],
        $given['password'],
        [PDO::MYSQL_ATTR_SSL_CA => $given['authority'], PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION],
    );
    foreach ($given['statements'] as [$statement, $values]) {
        $database->prepare($statement)->execute($values);
    }
} catch (PDOException $error) {
    // A message may quote what it refuses.
    $secrets = array_merge([$given['password']], ...array_column($given['statements'], 1));
    fwrite(STDERR, str_replace($secrets, '...', $error->getMessage()) . "\n");
    exit(1);
}
