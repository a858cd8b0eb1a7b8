"""`ops deploy`: a release goes out to the colour that serves nobody, and back."""
