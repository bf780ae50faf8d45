"""What a Dockerfile means: stages, scopes, states, commands and files."""
