//! What a server's reply is, decided before anything else reads it.
