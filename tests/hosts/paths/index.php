<?php

// Tells which of the guarded routes Laravel's own router finds for a request, or that it finds none.
require '/usr/share/php/Illuminate/autoload.php';

$router = new Illuminate\Routing\Router(new Illuminate\Events\Dispatcher());
foreach (json_decode(file_get_contents('/routes.json')) as $route) {
    $router->any($route, fn () => $route);
}
try {
    echo json_encode(['route' => '/'.$router->getRoutes()->match(Illuminate\Http\Request::capture())->uri()]);
} catch (Symfony\Component\HttpKernel\Exception\NotFoundHttpException) {
    echo json_encode(['route' => 'none']);
}
