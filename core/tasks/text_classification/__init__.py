"""Is a text positive or negative, which words say so, and when is it better to say nothing?"""
