"""What the drivers that move clients through Kubernetes share: one API server a side, workloads, and their keepers."""
