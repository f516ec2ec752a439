"""Phone apps, through a push vendor (JPush-shaped): one push for each town, to those who follow its tag."""
