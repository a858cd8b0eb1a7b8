"""The project as the engine sees it in the sandbox: paths, overlay, environment and shell."""
