"""`pulumi-resource-aws` out of the real Terraform AWS provider.

The engine's calls go to Pulumi's dynamic Terraform bridge, which runs the provider. On the way the names of pulumi-aws
become the bridge's (`aws:ec2/vpc:Vpc` is `aws:index/vpc:Vpc` there) and properties change their shape; on the way back
the other way round.
"""
