"""The only code that opens bytes a user sent: images, DICOM files, archives."""
