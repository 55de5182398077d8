"""What the schema coco of a database says."""
