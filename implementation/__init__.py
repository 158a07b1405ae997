"""The runnable server will live here: sockets and disk around the transition functions of the model."""
