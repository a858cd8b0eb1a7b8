<?php

return [
    'default' => 'sqs',
    'connections' => ['sqs' => [
        'driver' => 'sqs',
        'prefix' => env('SQS_PREFIX'),
        'suffix' => env('SQS_SUFFIX'),
        'queue' => env('SQS_QUEUE', 'default'),
        'region' => env('AWS_DEFAULT_REGION', env('AWS_REGION')),
    ]],
    'failed' => ['driver' => 'null'],
];
