### Words that occur everywhere.

-brand = Tresen

app-name = { -brand }

common-save = Save
common-cancel = Cancel
common-close = Close
common-back = Back
common-delete = Delete
common-undo = Undo
common-edit = Edit
common-add = Add
common-search = Search
common-more = More
common-yes = Yes
common-no = No
