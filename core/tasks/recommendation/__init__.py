"""What a user may want next: closed-form, factorised and sequential recommenders of one catalogue."""
