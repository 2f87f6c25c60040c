"""Where records come from: implementations of the engine's `Stream` and `Reader` ports."""
