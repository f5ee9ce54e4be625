"""What the project's figures are measured with: one file per question, rivals beside us in one run."""
