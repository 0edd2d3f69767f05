"""What every trained task shares: the gradient loop, augmentation, calibration, metrics, evaluation files."""
