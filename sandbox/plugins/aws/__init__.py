"""`pulumi-resource-aws` out of the real Terraform AWS provider.

The engine's calls go to Pulumi's dynamic Terraform bridge, which runs the provider. The names of pulumi-aws are
translated to the bridge's (`aws:ec2/vpc:Vpc` is `aws:index/vpc:Vpc` there) and properties change their shape, and the
other way round for answers.
"""
