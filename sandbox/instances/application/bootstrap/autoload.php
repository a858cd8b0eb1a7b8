<?php

// Debian's packages have the place of Composer's vendor folder.
require '/usr/share/php/Illuminate/autoload.php';
require '/usr/share/php/AsyncAws/Sqs/autoload.php';
require __DIR__.'/../app/SqsClient.php';

spl_autoload_register(function (string $class): void {
    $file = __DIR__.'/../'.lcfirst(str_replace('\\', '/', $class)).'.php';
    if (str_starts_with($class, 'App\\') && is_file($file)) {
        require $file;
    }
});
