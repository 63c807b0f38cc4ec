"""The operations: one file a family. An operation is its primitive (if it has one) and its public function."""
