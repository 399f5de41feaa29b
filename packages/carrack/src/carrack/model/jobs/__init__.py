"""Jobs on AWS Batch: what defines one, what asks for one, what became of it."""
