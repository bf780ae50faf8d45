"""The static look inside: what a saved image starts, needs and promises, read without starting it.

``sources``, ``tar``, ``filesystem`` and ``image_config`` read the archive; ``start`` follows ENTRYPOINT and CMD through
``runtimes`` and ``libraries``; the rest compares the two images.
"""
