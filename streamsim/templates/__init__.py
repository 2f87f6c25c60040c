"""What a SAM or CloudFormation template says of functions and the routes that lead to them."""
