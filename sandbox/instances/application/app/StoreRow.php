<?php

namespace App;

use Illuminate\Contracts\Queue\ShouldQueue;
use Illuminate\Support\Facades\DB;

class StoreRow implements ShouldQueue
{
    public function __construct(public int $id) {}

    public function handle(): void
    {
        DB::table('canary')->insert(['id' => $this->id]);
    }
}
