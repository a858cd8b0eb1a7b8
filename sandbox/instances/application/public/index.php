<?php

require __DIR__.'/../bootstrap/autoload.php';

$application = require __DIR__.'/../bootstrap/app.php';
$kernel = $application->make(Illuminate\Contracts\Http\Kernel::class);
$request = Illuminate\Http\Request::capture();
$response = $kernel->handle($request)->send();
$kernel->terminate($request, $response);
