#error "A header of the other library that has the name of one of Nablur's was taken for it."
