<?php

namespace App;

use Illuminate\Foundation\Support\Providers\RouteServiceProvider;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Queue;

class Routes extends RouteServiceProvider
{
    public function map(): void
    {
        $router = $this->app['router'];
        $router->get('/api/health', fn () => Health::answer());
        $router->get('/api/health/{check}', fn (string $check) => Health::answer($check));
        $router->get('/api/metrics', fn () => response(
            "# TYPE askproai_canary_rows gauge\naskproai_canary_rows ".DB::table('canary')->count()."\n",
            200,
            ['Content-Type' => 'text/plain; version=0.0.4'],
        ));
        $router->get('/api/canary', fn () => response()->json([
            'last_id' => DB::table('canary')->max('id') ?? 0,
            'ids' => DB::table('canary')->orderBy('id')->pluck('id'),
        ]));
        $router->post('/api/canary', function (Request $request) {
            DB::table('canary')->insert(['id' => $request->integer('id')]);

            return response()->json(['id' => $request->integer('id')], 201);
        });
        // The row is written by a worker, after as many seconds as are asked.
        $router->post('/api/jobs/{queue}', function (Request $request, string $queue) {
            Queue::pushOn($queue, new StoreRow($request->integer('id'), $request->integer('seconds')));

            return response()->json(['queue' => $queue], 202);
        });
    }
}
