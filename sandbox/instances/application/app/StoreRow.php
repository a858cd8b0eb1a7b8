<?php

namespace App;

use Illuminate\Contracts\Queue\ShouldQueue;
use Illuminate\Support\Facades\DB;

class StoreRow implements ShouldQueue
{
    public function __construct(public int $id, public int $seconds = 0) {}

    public function handle(): void
    {
        sleep($this->seconds);
        DB::table('canary')->insert(['id' => $this->id]);
    }
}
