"""Serves `pulumi-resource-cloudflare`."""

from sandbox.plugins.cloudflare import shapes
from sandbox.plugins.cloudflare.provider import CloudflareProvider
from sandbox.plugins.protocol import provider_pb2_grpc
from sandbox.plugins.serving import serve


def main() -> None:
    """Serve until the engine stops this process."""
    provider = CloudflareProvider(shapes.table()["sdk"])
    serve(lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server))


if __name__ == "__main__":
    main()
