"""What is proved on the finished site: HTML, links, weight."""
