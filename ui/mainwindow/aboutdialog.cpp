// SPDX-License-Identifier: Apache-2.0
#include "ui/mainwindow/aboutdialog.h"

#include "ui/panels/styledlabel.h"

#include <QHBoxLayout>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QVBoxLayout>

namespace moescope::ui {

AboutDialog::AboutDialog(const QString& version, const QList<Notice>& notices, QWidget* parent)
    : FramedDialog(tr("About Moescope"), parent) {
    auto* column = new QVBoxLayout;
    this->column()->addLayout(column);
    column->setContentsMargins(16, 16, 16, 16);
    column->setSpacing(12);
    column->addWidget(new StyledLabel(tr("Moescope %1").arg(version), TextStyle::Title, Color::Text));
    auto* sentence =
        new StyledLabel(tr("Chat with a mixture-of-experts model and watch its experts. Everything runs on "
                           "this machine. Nothing is sent anywhere."),
                        TextStyle::Ui, Color::TextSecondary);
    sentence->setWordWrap(true);
    column->addWidget(sentence);
    column->addWidget(new StyledLabel(tr("Licences and notices"), TextStyle::UiStrong, Color::Text));
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    auto* list = new QListWidget;
    list->setAccessibleName(tr("Licences and notices"));
    list->setFixedWidth(220);
    list->setWordWrap(true);
    auto* text = new QPlainTextEdit;
    text->setAccessibleName(tr("Text of the licence or notice"));
    text->setReadOnly(true);
    text->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    text->setFont(theme().font(TextStyle::Mono));
    text->setTabChangesFocus(true);
    for (const Notice& notice : notices) {
        list->addItem(notice.title);
    }
    connect(list, &QListWidget::currentRowChanged, this, [text, notices](int at) {
        text->setPlainText(at >= 0 && at < notices.size() ? notices[at].text : QString());
    });
    list->setCurrentRow(0);
    row->addWidget(list);
    row->addWidget(text, 1);
    column->addLayout(row, 1);
    addClose(column);
    sizeWithin({860, 560});
}

} // namespace moescope::ui
