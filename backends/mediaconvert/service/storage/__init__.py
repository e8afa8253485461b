"""What stands for S3: a plain folder, or any S3 endpoint. Nothing else is ever read or written."""
