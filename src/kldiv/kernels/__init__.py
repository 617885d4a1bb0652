"""Row kernels: from the values of both sides to one divergence a row, and its gradients."""
