// SPDX-License-Identifier: Apache-2.0
#include "ui/mainwindow/documentdialog.h"

#include "ui/panels/styledlabel.h"
#include "ui/widgets/elidedlabel.h"

#include <QApplication>
#include <QClipboard>
#include <QDialogButtonBox>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QVBoxLayout>

namespace moescope::ui {

DocumentDialog::DocumentDialog(const DocumentView& document, QWidget* parent) : FramedDialog(tr("Document"), parent) {
    QVBoxLayout* body = addBody();
    auto* head = new QVBoxLayout;
    head->setSpacing(0);
    auto* name = new ElidedLabel(document.name, TextStyle::UiStrong, Color::Text, this);
    name->setElideMode(Qt::ElideMiddle);
    head->addWidget(name);
    const qsizetype characters = document.text.size();
    QString words = documentText(document);
    if (characters > kShown) {
        words = tr("%1 · the first %2 of %3 characters; a copy has all")
                    .arg(words, groupedText(kShown), groupedText(characters));
    }
    head->addWidget(new StyledLabel(words, TextStyle::Small, Color::TextMuted, this));
    body->addLayout(head);
    auto* text = new QPlainTextEdit(this);
    text->setAccessibleName(tr("Text of the document"));
    text->setReadOnly(true);
    text->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    text->setTabChangesFocus(true);
    text->setFont(theme().font(TextStyle::MonoCode));
    text->setPlainText(document.text.left(kShown));
    body->addWidget(text, 1);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    auto* copy = new QPushButton(tr("Copy"), this);
    copy->setAccessibleName(tr("Copy"));
    buttons->addButton(copy, QDialogButtonBox::ActionRole);
    buttons->button(QDialogButtonBox::Close)->setText(tr("Close"));
    connect(copy, &QPushButton::clicked, this, [whole = document.text] { QApplication::clipboard()->setText(whole); });
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    body->addWidget(buttons);
    sizeWithin({720, 560});
}

} // namespace moescope::ui
