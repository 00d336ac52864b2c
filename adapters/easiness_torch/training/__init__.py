"""`fit`, its methods, and the loss."""
