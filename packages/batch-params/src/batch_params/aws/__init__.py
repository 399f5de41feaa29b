"""What is asked of AWS, through boto3, which is imported only where something is asked."""
