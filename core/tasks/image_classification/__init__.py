"""Which of K classes does an image show? Any number of classes, any timm backbone."""
