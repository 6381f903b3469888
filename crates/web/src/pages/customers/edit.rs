//! Entering and changing contacts and their addresses.

use askama::Template;
use axum_extra::extract::Form;
use domain::crm::addresses::{self, Address};
use domain::crm::contacts::{self, Fields};
use http::StatusCode;
use i18n::Texts;
use model::{Id, kinds};
use serde::Deserialize;

use super::{ContactId, Errors, error_of, errors_of};
use crate::error::{Reply, html_as, see};
use crate::{Page, Place, Visit};

#[derive(Template)]
#[template(path = "customers/contact-form.html")]
struct FormPage {
    t: Texts,
    page: Page,
    /// `None`: a new one.
    contact: Option<(ContactId, String)>,
    form: ContactForm,
    addresses: Vec<Address>,
    address: AddressForm,
    name_error: String,
    company_error: String,
    note_error: String,
    mail_error: String,
    address_error: String,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub struct ContactForm {
    name: String,
    company: String,
    note: String,
    /// Only of a new one.
    mail: String,
}

impl ContactForm {
    fn fields(&self) -> Fields {
        Fields { name: self.name.clone(), company: self.company.clone(), note: self.note.clone() }
    }
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub struct AddressForm {
    kind: String,
    value: String,
}

async fn show_new(visit: &Visit, form: ContactForm, errors: &Errors) -> Reply {
    let page = form_page(visit, None, form, Vec::new(), AddressForm::default(), errors).await?;
    html_as(status(errors), &page)
}

async fn show_known(visit: &Visit, id: ContactId, form: Option<ContactForm>, address: AddressForm, errors: &Errors) -> Reply {
    let contact = contacts::open(&mut *visit.read().await?, &visit.seat, id, 0).await?;
    let stored = ContactForm {
        name: contact.name.clone(),
        company: contact.company.unwrap_or_default(),
        note: contact.note.unwrap_or_default(),
        mail: String::new(),
    };
    let page = form_page(visit, Some((id, contact.name)), form.unwrap_or(stored), contact.addresses, address, errors).await?;
    html_as(status(errors), &page)
}

fn status(errors: &Errors) -> StatusCode {
    if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
}

async fn form_page(
    visit: &Visit,
    contact: Option<(ContactId, String)>,
    form: ContactForm,
    addresses: Vec<Address>,
    address: AddressForm,
    errors: &Errors,
) -> Result<FormPage, crate::Fault> {
    let t = visit.t();
    let error = |field: &str| error_of(t, errors, field);
    let of_address = error("address");
    let (mail_error, address_error) = if contact.is_none() { (of_address, String::new()) } else { (String::new(), of_address) };
    Ok(FormPage {
        t,
        page: visit.page("customers").await?,
        contact,
        form,
        addresses,
        address,
        name_error: error("name"),
        company_error: error("company"),
        note_error: error("note"),
        mail_error,
        address_error,
    })
}

/// `GET /{workspace}/customers/new`
pub async fn new(visit: Visit) -> Reply {
    show_new(&visit, ContactForm::default(), &Vec::new()).await
}

/// `POST /{workspace}/customers/new`
pub async fn create(visit: Visit, Form(form): Form<ContactForm>) -> Reply {
    match contacts::add(&visit.app, &visit.seat, form.fields(), &form.mail).await {
        Ok(id) => see(visit.path(format!("customers/contacts/{id}?said=said-contact-created"))),
        Err(error) => show_new(&visit, form, &errors_of(error)?).await,
    }
}

/// `GET …/contacts/{contact}/edit`
pub async fn edit(visit: Visit, Place((_, id)): Place<(String, ContactId)>) -> Reply {
    show_known(&visit, id, None, AddressForm::default(), &Vec::new()).await
}

/// `POST …/contacts/{contact}/edit`
pub async fn save(visit: Visit, Place((_, id)): Place<(String, ContactId)>, Form(form): Form<ContactForm>) -> Reply {
    match contacts::change(&visit.app, &visit.seat, id, form.fields()).await {
        Ok(()) => see(visit.path(format!("customers/contacts/{id}?said=said-contact-saved"))),
        Err(error) => show_known(&visit, id, Some(form), AddressForm::default(), &errors_of(error)?).await,
    }
}

/// `POST …/contacts/{contact}/addresses`
pub async fn add_address(visit: Visit, Place((_, id)): Place<(String, ContactId)>, Form(form): Form<AddressForm>) -> Reply {
    match addresses::add(&visit.app, &visit.seat, id, &form.kind, &form.value).await {
        Ok(()) => see(visit.path(format!("customers/contacts/{id}/edit?said=said-address-added"))),
        Err(error) => show_known(&visit, id, None, form, &errors_of(error)?).await,
    }
}

/// `POST …/contacts/{contact}/addresses/{address}/remove`
pub async fn remove_address(visit: Visit, Place((_, id, address)): Place<(String, ContactId, Id<kinds::Address>)>) -> Reply {
    addresses::remove(&visit.app, &visit.seat, id, address).await?;
    see(visit.path(format!("customers/contacts/{id}/edit?said=said-address-removed")))
}
