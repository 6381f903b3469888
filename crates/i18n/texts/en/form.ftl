### The contact form as visitors see it, and its confirmation

form-name = Your name
form-email = Your email address
form-email-hint = We answer there.
form-subject = Subject
form-phone = Telephone number
form-optional = optional
form-message = Your message
form-honeypot = Please leave this field empty
form-privacy = Privacy
form-privacy-link = Privacy policy
form-send = Send message
form-sent-title = Your message has arrived
form-sent-text = Thank you. We answer to the address you gave.
form-sent-again = Write another message
form-fields-wrong = Please look at the marked fields. Your text is still there.
form-not-sent = The message has not been sent yet
form-error-name = Please tell us your name.
form-error-message = Please tell us what it is about.
form-error-message-long = At most 20,000 characters, please.
form-error-expired = The page was open for a long time. Please send again, your text is still there.
form-error-fast = That was very quick. Please wait three seconds and send again, your text is still there.
form-error-honeypot = A field that should stay empty was filled in. Perhaps your browser did that by itself. Please send again.
form-error-links = The text looks like advertising, for example because of many links or repetitions. Please change it and send again.
form-error-wait = { $minutes ->
    [one] Many messages came from your connection already. Please wait a minute, your text is still there.
   *[other] Many messages came from your connection already. Please wait { $minutes } minutes, your text is still there.
}
form-phone-line = Telephone: { $phone }
form-confirmation-subject = Your message to { $name } has arrived
form-confirmation-text =
    Hello,

    your message has reached us. We will answer to this address.

    You did not write to us? Then somebody entered your address in our form. You need not do anything; no further confirmations come today.

    { $name }

    This email was sent automatically.
