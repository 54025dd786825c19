"""What the operator needs: locks, and later doctor, backup and notices."""
