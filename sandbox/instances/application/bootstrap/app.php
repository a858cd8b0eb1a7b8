<?php

$application = new Illuminate\Foundation\Application(dirname(__DIR__));
$application->singleton(Illuminate\Contracts\Http\Kernel::class, App\HttpKernel::class);
$application->singleton(Illuminate\Contracts\Console\Kernel::class, Illuminate\Foundation\Console\Kernel::class);
$application->singleton(
    Illuminate\Contracts\Debug\ExceptionHandler::class,
    Illuminate\Foundation\Exceptions\Handler::class,
);

return $application;
