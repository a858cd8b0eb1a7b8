<?php

namespace App;

use Illuminate\Http\JsonResponse;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Queue;
use Illuminate\Support\Facades\Redis;

class Health
{
    /** The checks below the health path, by their name there. */
    private static function checks(): array
    {
        return [
            'database' => fn () => DB::select('select 1'),
            'redis' => fn () => Redis::command('ping'),
            'queue' => fn () => Queue::size(),
        ];
    }

    public static function answer(?string $check = null): JsonResponse
    {
        $checks = $check === null ? [] : [$check => self::checks()[$check] ?? abort(404)];
        $failed = [];
        foreach ($checks as $name => $ask) {
            try {
                $ask();
            } catch (\Throwable $problem) {
                report($problem);
                $failed[$name] = class_basename($problem);
            }
        }

        return response()->json([
            'status' => $failed ? 'failed' : 'ok',
            'region' => env('AWS_DEFAULT_REGION'),
            'failed' => $failed,
            'release' => basename(realpath(base_path())),
            'framework' => app()->version(),
            'php' => PHP_VERSION,
        ], $failed ? 503 : 200);
    }
}
